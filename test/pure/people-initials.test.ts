import { describe, expect, test } from 'vitest'
import { drawInitials, initialsOf } from '../../src/people/photo.ts'

const ID = '0a1b6f0e-2f6c-4f6e-8a77-000000000001'

describe('initials', () => {
  test.each([
    ['Adele Vance', 'AV'],
    ['adele vance', 'AV'],
    ['Vance, Adele', 'VA'],
    ['Jean-Luc de la Cruz', 'JC'],
    ['Suharto', 'S'],
    ['王小龙', '王'],
    ['Нина Петрова', 'НП'],
    ['Zoe\u0308 Ångström', 'ZÅ'],
    ['😀 Helpdesk', 'H'],
    ['"Bob" O\'Neil', 'BO'],
    ['42', ''],
  ])('of %s are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials)
  })

  test('of an unknown person are a silhouette', () => {
    expect(drawInitials(null, ID, 48)).toContain('<circle')
    expect(drawInitials(null, ID, 48)).not.toContain('<text')
  })

  test('contain no markup of a name', () => {
    const svg = drawInitials('<script>alert(1)</script> "&x', ID, 48)
    expect(svg).not.toContain('script')
    expect(svg.match(/<text[^>]*>([^<]*)</)?.[1]).toBe('SX')
  })

  test('have the same colour for the same person', () => {
    expect(drawInitials('A B', ID, 48)).toBe(drawInitials('A B', ID, 48))
    expect(drawInitials('A B', ID, 48)).not.toBe(drawInitials('A B', ID.replace(/1$/, '2'), 48))
  })
})
