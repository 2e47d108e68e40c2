"""The page of one case, and every act on it."""
