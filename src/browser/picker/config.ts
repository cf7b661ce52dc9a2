/** The picker page's settings, as the server writes them into the page. */
export interface PickerConfig {
  /** The nonce by which the chat app's page recognises messages of this picker. */
  readonly channel: string
  /** Entrada's origin: the only one that gets the result. */
  readonly publicOrigin: string
  /**
   * URL of Microsoft's picker, e.g. `https://contoso-my.sharepoint.com/_layouts/15/FilePicker.aspx`. Empty when it
   * cannot be opened; a `fetch` of this page's own URL then gets the problem document.
   */
  readonly launchUrl: string
  /** BCP 47, lower case. */
  readonly locale: string
  /** Options of File Picker v8 without `messaging`. */
  readonly options: Readonly<Record<string, unknown>>
  readonly theme: 'default' | 'dark' | 'auto'
  readonly maxFiles: number
  readonly maxFileBytes: number
}
