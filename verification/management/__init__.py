"""Commands for the shell, and the documents that are generated from the code. No rule of a case stands here."""
