"""What the applicant sees: one file a step of the flow. The steps' rules are in `actions`; no score is ever shown."""
