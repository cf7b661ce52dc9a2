/** Where one can be in the picker. Each place has a name and knows how to list itself. */
export function createPlaces({ files, origins }) {
  const pivots = {
    oneDrive: { name: 'My files', pivot: 'oneDrive', list: () => files.myFiles(origins.oneDrive) },
    recent: { name: 'Recent', pivot: 'recent', list: () => files.recent(origins.oneDrive) },
    sites: { name: 'Sites', pivot: 'sites', list: allSites },
  }

  /** Of every geography that lets the person in; why not, when none does. */
  async function allSites() {
    const found = await Promise.allSettled(origins.sites.map((origin) => files.sites(origin)))
    const lists = found.flatMap(({ status, value }) => (status === 'fulfilled' ? [value] : []))
    if (lists.length === 0) throw found[0].reason
    return lists.flat()
  }

  function library(site) {
    const { origin } = new URL(site.webUrl)
    return { name: site.displayName, list: () => files.library(origin, site.drive.id) }
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
  async function entryTrail({ entry }, { site }) {
    if (entry.oneDrive) return [entry.oneDrive.recent ? pivots.recent : pivots.oneDrive]
    const wanted = entry.sharePoint?.byPath?.web ?? site
    const path = decodeURI(URL.parse(wanted, origins.here)?.pathname ?? '/').replace(/\/$/, '')
    if (path === '' && !entry.site) return [pivots.sites]
    const sites = await files.sites(origins.here)
    const found = sites.find((candidate) => candidate.path === path)
    return found === undefined ? [pivots.sites] : [pivots.sites, library(found)]
  }

  return { pivots, library, folder, entryTrail }
}
