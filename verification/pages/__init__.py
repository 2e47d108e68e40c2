"""The applicant's pages, one module per step. The rules of the steps are in `actions`; no page shows a score."""
