// Posts the sign-in message on. Without JavaScript the button does it.
document.getElementById("post").submit();
