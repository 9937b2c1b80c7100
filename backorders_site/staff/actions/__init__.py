"""What staff do. One form is one call of a service; modules by what the forms act on."""
