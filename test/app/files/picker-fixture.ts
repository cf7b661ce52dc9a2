import { type FilesScene } from './fixture.ts'

export const PAGE = '/.entrada/picker?channel=channel-under-test'

/** The SharePoint hosts of all regions of the tenant. */
export const EVERYWHERE = [
  'https://contoso-my.sharepoint.com',
  'https://contoso.sharepoint.com',
  'https://contosoeur-my.sharepoint.com',
  'https://contosoeur.sharepoint.com',
]

interface TokenAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

export async function askForToken({ browser }: FilesScene, body: unknown): Promise<TokenAnswer> {
  const response = await browser.fetch('/.entrada/picker/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { status, headers } = response
  return { status, headers, body: await response.json<Readonly<Record<string, unknown>>>() }
}

/** The picker page's settings and its content policy. */
export async function openPage({ browser }: FilesScene, query = '') {
  const page = await browser.open(`${PAGE}${query}`)
  const policy = page.headers.get('content-security-policy') ?? ''
  const json = page.html.querySelector('#picker')?.getAttribute('data-config') ?? 'null'
  const config: unknown = JSON.parse(json)
  const directives = new Map(
    policy.split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ')
      return [name, values] as const
    }),
  )
  return { page, config, directives }
}
