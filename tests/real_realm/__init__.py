"""Runs of the unmodified command line in the real realm, against a service that answers under the vendor's own name.

`make real-realm` runs all scenarios and prints a table. Every scenario has a network and host names of its own (Linux
namespaces), in which the vendor's host and the host of its videos resolve to addresses of this machine that look
public, and answer over TLS with a certificate that nobody else trusts. Nothing leaves the machine, and nothing is paid
for.
"""
