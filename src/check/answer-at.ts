/** What an address answers, body unread. Without a deadline: the look has one, and what is given up ends with the request. */
export async function probe(
  address: URL | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly location: string | null }> {
  const response = await fetch(address, { headers, redirect: 'manual' })
  void response.body?.cancel()
  return { status: response.status, location: response.headers.get('location') }
}
