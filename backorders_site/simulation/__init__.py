"""A shop run through time by the product's own services, and a report on its promises."""
