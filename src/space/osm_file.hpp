// Passes over an OpenStreetMap file, with progress, cancellation and libosmium's exceptions turned into errors.
// Includes libosmium: keep it to few files.
#pragma once

#include <cstdint>
#include <functional>
#include <osmium/memory/buffer.hpp>
#include <osmium/osm/entity_bits.hpp>
#include <osmium/osm/tag.hpp>

#include "base/result.hpp"
#include "space/osm_features.hpp"
#include "space/osm_import.hpp"

namespace cityloom::space {

/// One file, read several times. One worker; libosmium decodes PBF on workers of its own.
class OsmFile {
 public:
  /// `passes` is how often it will be read: progress counts towards all of them.
  OsmFile(const ImportInput& input, ImportBatch& batch, int passes) : input_(input), batch_(batch), passes_(passes) {}

  /// Calls `visit` with each block of objects of these types, until it fails. Errors: corrupt, unavailable, cancelled,
  /// what `visit` answers.
  base::Status read(osmium::osm_entity_bits::type types,
                    const std::function<base::Status(osmium::memory::Buffer&)>& visit);

 private:
  using Visit = std::function<base::Status(osmium::memory::Buffer&)>;
  base::Status read_pbf(osmium::osm_entity_bits::type types, const Visit& visit);
  base::Status read_xml(osmium::osm_entity_bits::type types, const Visit& visit);
  base::Status take(osmium::memory::Buffer& buffer, uint64_t offset, uint64_t size, const Visit& visit);
  void end_pass(uint64_t size);
  base::Error damage(std::string_view reason) const;

  const ImportInput& input_;
  ImportBatch& batch_;
  int passes_;
  int passes_done_ = 0;
  uint64_t bytes_done_ = 0;
};

/// Reads an object's tags into `to`. A tag that is not UTF-8 is left out and its key given to `refused`.
void read_tags(const osmium::TagList& from, OsmTags& to, const std::function<void(std::string_view key)>& refused);

}  // namespace cityloom::space
