const list = document.querySelector('#requests')
const LONGEST = 120

const source = new EventSource('/requests/stream')
source.addEventListener('message', ({ data }) => {
  const { host, method, path, query, form } = JSON.parse(data)
  const item = document.createElement('li')
  const parts = [
    ['b', host],
    ['span', method],
    ['code', path],
    ['small', `${query} ${form}`],
  ]
  for (const [tag, textContent] of parts) {
    item.append(Object.assign(document.createElement(tag), { textContent }))
  }
  item.firstChild.dataset.host = host
  list.prepend(item)
  if (list.childElementCount > LONGEST) list.lastElementChild.remove()
})
