"""Networks of other projects, brought into the form that every runtime here executes."""
