"""Operations behind the commands: prepare a plan, apply it, cut the film, decide, verify, recover."""
