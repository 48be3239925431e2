/** Invented data of the mocked platform: a few points, premises, units, people. */
const CENTRE = { longitude: 118.37, latitude: 31.33 }
const NAMES = ['人民路口东向', '鼓楼广场西门', '望烽公园南门', '滨湖路桥头', '中山大道地铁口', '烽台路小学门前', '解放路农贸市场', '镜湖码头', '东关汽车站', '书院街口']

export const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

export const POINTS = Array.from({ length: 64 }, (_, index) => {
  const [angle, radius] = [index * 2.4, 0.003 + 0.0045 * Math.sqrt(index)]
  return {
    id: `point${index + 1}`, number: index + 1, code: `3402000000131000${String(index + 1).padStart(4, '0')}`,
    name: `${NAMES[index % NAMES.length]}${index >= NAMES.length ? Math.floor(index / NAMES.length) + 1 : ''}`,
    organisation_id: 'org1', point_class: (index % 3) + 1,
    position: { longitude: CENTRE.longitude + radius * Math.cos(angle), latitude: CENTRE.latitude + radius * Math.sin(angle) * 0.85 },
    view_degrees: (index * 47) % 360, view_angle_degrees: 70, address: '', device_id: index % 9 === 5 ? '' : `3402000000132000000${(index % 4) + 1}`,
    channel_id: index % 9 === 5 ? '' : `3402000000131000${String(index + 1).padStart(4, '0')}`, records: true, audio: false, retention_days: 30,
    presence: index % 9 === 5 ? 'unbound' : index % 7 === 3 ? 'offline' : 'online',
    area_code: '340202', area: { name: '镜湖区', path: ['安徽省', '芜湖市', '镜湖区'], status: 'known', successor: '' }, legal_class: 'art7_gov', counter_terror_target: false, given: null,
    retention_floor_days: 30, dossier: { purpose: '治安防控', siting_zone: 'street' }, completeness: index % 3 ? 81 : 100, missing: index % 3 ? ['responsible_unit', 'address'] : [],
    stage: 'in-service', filing: 'filed', filing_due_on: null, version: 1,
  }
})

export const PREMISES = [
  {
    id: 'pre1', name: '烽台路工商银行', address: '鼓楼区烽台路 118 号', organisation_id: 'org1', position: { longitude: 118.3712, latitude: 31.3306 }, kind: 'bank',
    note: '后门在巷内；金库 18:00 后双人双锁。院内有犬。', point_ids: ['point1', 'point2'],
    zones: [{ number: '1', partition: '', name: '营业厅', point_ids: ['point1'] }, { number: '3', partition: '', name: '金库', point_ids: ['point2'] }],
    keyholders: [{ id: 'k1', name: '陈国栋', phone: '139-0000-1001', order: 1, note: '行长，距离 10 分钟' }, { id: 'k2', name: '李敏', phone: '139-0000-1002', order: 2, note: '保卫科' }],
    steps: ['核对最近点位画面与警前警后录像', '致电第一联系人，核对口令', '派出最近警力', '确认现场后反馈', '结案并注明性质'],
  },
  { id: 'pre2', name: '望烽公园管理处', address: '望烽区公园路 1 号', organisation_id: 'org1', position: { longitude: 118.3835, latitude: 31.342 }, kind: 'office', note: '', point_ids: ['point3'], zones: [{ number: '2', partition: '', name: '配电房', point_ids: [] }], keyholders: [], steps: [] },
  { id: 'pre3', name: '东关黄金珠宝行', address: '东关区东关大道 66 号', organisation_id: 'org1', position: { longitude: 118.395, latitude: 31.318 }, kind: 'shop', note: '', point_ids: [], zones: [], keyholders: [{ id: 'k3', name: '王芳', phone: '139-0000-2001', order: 1, note: '' }], steps: [] },
]

export const UNITS = [
  ['unit1', '巡逻一组', 'patrol', 'X-01', 'free'], ['unit2', '巡逻二组', 'patrol', 'X-02', 'free'], ['unit3', '特勤组', 'special', 'T-01', 'busy'],
  ['unit4', '消防联动组', 'fire', 'F-01', 'free'], ['unit5', '夜间机动组', 'patrol', 'X-05', 'off'],
].map(([id, name, kind, call_sign, state]) => ({ id, name, kind, call_sign, organisation_id: 'org1', state: state as string }))

const ROLES: Record<string, string[]> = {
  operator: ['alarms.see', 'alarms.handle', 'incidents.see', 'incidents.handle', 'live.see', 'playback.see', 'points.see', 'premises.see', 'units.see', 'devices.see', 'system.see', 'organisations.see'],
  engineer: ['points.see', 'points.edit', 'devices.see', 'devices.edit', 'premises.see', 'premises.edit', 'units.see', 'live.see', 'system.see', 'system.edit', 'alarms.see', 'organisations.see'],
  auditor: ['audit.see', 'system.see', 'people.see'],
  administrator: ['people.see', 'people.edit', 'units.see', 'units.edit', 'points.see', 'points.edit', 'devices.see', 'devices.edit', 'premises.see', 'premises.edit', 'system.see', 'organisations.see', 'organisations.edit'],
}
export const permissionsOf = (roles: string[]) => [...new Set(roles.flatMap((role) => ROLES[role] ?? []))]

export const PEOPLE = [
  ['operator', '林晓'], ['engineer', '赵工'], ['auditor', '周审'], ['administrator', '管理员'],
].map(([name, display]) => ({ id: `user-${name}`, name: name as string, display_name: display as string, roles: [name as string], disabled: false }))

interface Raise { priority: number; category: string; code_system: string; code: string; title: string; premises: number; zone: string; zone_name: string; points: string[]; drill?: boolean; channel?: string }
export const RAISES: Raise[] = [
  { priority: 1, category: 'fire', code_system: 'contact-id', code: '111', title: 'Smoke', premises: 1, zone: '2', zone_name: '配电房', points: ['point3', 'point13', 'point23'] },
  { priority: 2, category: 'hold-up', code_system: 'contact-id', code: '122', title: 'Silent panic', premises: 0, zone: '1', zone_name: '营业厅', points: ['point1', 'point2', 'point11', 'point21'] },
  { priority: 4, category: 'burglary', code_system: 'contact-id', code: '130', title: 'Burglary', premises: 2, zone: '5', zone_name: '后窗', points: ['point9'], drill: true },
  { priority: 5, category: 'technical', code_system: 'contact-id', code: '301', title: 'AC loss', premises: 1, zone: '0', zone_name: '', points: [] },
  { priority: 3, category: 'medical', code_system: 'sia-dc03', code: 'MA', title: 'Medical Alarm', premises: 2, zone: '7', zone_name: '柜台', points: ['point9', 'point19'] },
  { priority: 5, category: 'path-lost', code_system: 'platform', code: 'path-lost', title: 'Path lost', premises: 0, zone: '', zone_name: '', points: [], channel: 'system' },
  { priority: 7, category: 'unmapped', code_system: 'contact-id', code: '999', title: 'Unmapped code', premises: -1, zone: '12', zone_name: '', points: [] },
]
