"""What AWS allows and what we decided, as data with a unit, a source and a date."""
