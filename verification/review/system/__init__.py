"""The System page: how the installation is doing, in words with what to do."""
