import { describe, expect, it } from 'vitest'
import type { Organisation } from '@/api/organisations'
import { possibleParents, treeRows } from './organisationTree'

const made = (id: string, parent_id: string) => ({ id, name: id, parent_id }) as Organisation
const CITY = made('city', '')
const EAST = made('east', 'city')
const WEST = made('west', 'city')
const POST = made('post', 'east')
const ALL = [CITY, EAST, WEST, POST]

describe('the tree of organisations', () => {
  it('has each one right after its parent', () => {
    expect(treeRows(ALL).map(({ organisation, depth }) => `${organisation.id} ${depth}`)).toEqual(['city 0', 'east 1', 'post 2', 'west 1'])
  })

  it('offers no place below itself', () => {
    expect(possibleParents(ALL, EAST).map(({ id }) => id)).toEqual(['city', 'west'])
    expect(possibleParents(ALL, WEST).map(({ id }) => id)).toEqual(['city', 'east', 'post'])
  })
})
