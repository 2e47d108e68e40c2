"""How each vendor account is doing, what it costs, and what each of its codes means."""
