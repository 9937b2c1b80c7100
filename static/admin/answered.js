// The answer to a form is fetched as the form itself by Back and Reload: nobody is asked to send it
// a second time.
history.replaceState(null, "", location.href);
