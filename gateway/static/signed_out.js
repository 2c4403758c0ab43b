// A session ends after some hours. What a script asks for then is refused, or led to the page that signs in; so the
// person is led there, and afterwards back.

const door = document.body.dataset.signIn;

export function isSignedOut(response) {
  return response.status === 401 || (response.redirected && new URL(response.url).pathname === door);
}

export function signIn(back = location.pathname + location.search) {
  location.assign(`${door}?${new URLSearchParams({ next: back })}`);
}
