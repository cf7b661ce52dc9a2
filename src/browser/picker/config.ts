/** What the picker page is told by the server, which has checked all of it. */
export interface PickerConfig {
  /** Names this picker to the page that opened it. */
  readonly channel: string
  /** Our own origin: the only one that hears of the choice. */
  readonly publicOrigin: string
  /**
   * Where Microsoft's picker is, e.g. `https://contoso-my.sharepoint.com/_layouts/15/FilePicker.aspx`. Empty
   * when it cannot be opened: asked by a script, this page's address tells why.
   */
  readonly launchUrl: string
  /** BCP 47, lower case. */
  readonly locale: string
  /** File Picker v8 options, all but `messaging`. */
  readonly options: Readonly<Record<string, unknown>>
  readonly theme: 'default' | 'dark' | 'auto'
  readonly maxFiles: number
  readonly maxFileBytes: number
}
