import { mergeConfig } from 'vite'
import ours from '../vite.config'
import { mockedPlatform } from './platform'

/** `npm run dev:mocked`: the console against a platform kept in memory. FENGTAI_MOCK_VIDEO may name a fragmented MP4. */
export default mergeConfig({ ...ours, server: {} }, { plugins: [mockedPlatform()], server: { host: '127.0.0.1' } })
