// The baseline of every ratio: a Worker that only forwards requests to the chat.
export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url)
    return fetch(new Request(`${env.ORIGIN_URL}${pathname}${search}`, request), {
      redirect: 'manual',
    })
  },
}
