"""Runs of the unmodified command line in the real realm, against a service that answers under the vendor's name.

`make real-realm` runs all scenarios and prints a table. Every scenario has a separate network and separate host names
(Linux namespaces). In them the vendor's host and the host of its videos resolve to addresses of this machine that look
public, and answer over TLS with a certificate that only the scenario trusts. No traffic leaves the machine, and nothing
is paid for.
"""
