import { readSetting, writeSetting } from './local-setting.ts'
import type { Profile } from './mesh-types.ts'
import { generatedProfile, parseStoredProfile, type StoredProfile } from './profile.ts'
import { Store } from './store.ts'

const KEY = 'parley.profile'

function save(profile: StoredProfile): StoredProfile {
  writeSetting(KEY, JSON.stringify(profile))
  return profile
}

/** One for the page; every element that shows or changes the profile shares it. */
export class ProfileStore extends Store<StoredProfile> {
  constructor() {
    super(
      parseStoredProfile(readSetting(KEY)) ??
        save({ ...generatedProfile(() => Math.random()), confirmed: false }),
    )
  }

  change(part: Partial<Profile>): void {
    this.set(save({ ...this.value, ...part, confirmed: true }))
  }
}
