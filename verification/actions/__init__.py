"""One act a file; none calls another. An act writes its change and its event in the same transaction. One that pays for
a call or runs in batches commits step by step, and says so."""
