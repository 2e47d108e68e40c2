"""The pages about the vendor: state and cost of each account, and the meaning of each code."""
