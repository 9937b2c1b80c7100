"""The queue, the promises and the customer's pages. Orders know no email."""
