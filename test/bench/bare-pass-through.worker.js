// What a Worker in front of a chat costs before it does anything: the yardstick of every ratio.
export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url)
    return fetch(new Request(`${env.ORIGIN_URL}${pathname}${search}`, request), {
      redirect: 'manual',
    })
  },
}
