"""The words of orders as filters. Django finds tags only in an app's own package."""
