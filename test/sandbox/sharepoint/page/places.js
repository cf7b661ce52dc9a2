/** Where one can be in the picker. Each place has a name and knows how to list itself. */
export function createPlaces({ files, origins }) {
  const pivots = {
    oneDrive: { name: 'My files', pivot: 'oneDrive', list: () => files.myFiles(origins.oneDrive) },
    recent: { name: 'Recent', pivot: 'recent', list: () => files.recent(origins.oneDrive) },
    sites: { name: 'Sites', pivot: 'sites', list: () => files.sites(origins.sharePoint) },
  }

  function library(site) {
    return { name: site.displayName, list: () => files.library(origins.sharePoint, site.drive.id) }
  }

  /** A shortcut leads to where its target lives, which may be the other host. */
  function folder(item) {
    const {
      id,
      parentReference,
      '@sharePoint.endpoint': endpoint,
    } = { ...item, ...item.remoteItem }
    return {
      name: item.name,
      list: () => files.folder(new URL(endpoint).origin, parentReference.driveId, id),
    }
  }

  /** From the pivot down to the place the app asked to begin with. */
  async function entryTrail({ entry }, { host, site }) {
    if (entry.oneDrive) return [entry.oneDrive.recent ? pivots.recent : pivots.oneDrive]
    const wanted = entry.sharePoint?.byPath?.web ?? (host === 'sharePoint' ? site : '')
    const path = decodeURI(URL.parse(wanted, origins.sharePoint)?.pathname ?? '/').replace(
      /\/$/,
      '',
    )
    if (path === '' && !entry.site) return [pivots.sites]
    const sites = await files.sites(origins.sharePoint)
    const found = sites.find((candidate) => candidate.path === path)
    return found === undefined ? [pivots.sites] : [pivots.sites, library(found)]
  }

  return { pivots, library, folder, entryTrail }
}
