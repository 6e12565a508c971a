"""What every command does, recorded: exit codes, JSON, locks and journals of many command lines.

    python -m tests.golden_commands record     writes recorded.json
    python -m tests.golden_commands compare    runs all of it again and prints what is different

Only the command line and files are used here, nothing of the program is imported: so the record outlives any
renaming within it. `table` says what is run, `running` runs it, `folder` reads what lies there afterwards, `plain`
takes out what differs from run to run, and `comparing` finds differences.
"""
