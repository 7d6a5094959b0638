// Numbers that a seed gives on every machine, written down.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace cityloom::rehearsal::testing {

/// FNV-1a of 64 bits: a line in any language.
inline uint64_t digest(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : text) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3u;
  return hash;
}

/// What digests.txt says under a name: a change of it is a change of everybody's cities and days. 0: nothing.
inline uint64_t known_digest(std::string_view name) {
  std::ifstream file(CITYLOOM_SOURCE_DIR "/src/rehearsal/testing/digests.txt");
  std::string word;
  for (uint64_t number = 0; file >> word >> number;) {
    if (word == name) return number;
  }
  return 0;
}

}  // namespace cityloom::rehearsal::testing
