// Reads OpenStreetMap XML as servers and editors write it, also with geometry inside ways and relations, which
// libosmium's own reader refuses. Includes libosmium: keep it to few files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <osmium/memory/buffer.hpp>
#include <osmium/osm/entity_bits.hpp>
#include <string>

#include "base/result.hpp"
#include "space/byte_source.hpp"

namespace cityloom::space {

/// A single pass over one file. One worker.
class OsmXmlReader {
 public:
  /// Hears of an object that cannot be read; `object` is "way/12" or "line 7".
  using Warn = std::function<void(std::string object, std::string reason)>;

  /// With relations, the ways whose geometry stands in a relation's members come as ways without tags before it.
  OsmXmlReader(ByteSource source, osmium::osm_entity_bits::type types, Warn warn);
  ~OsmXmlReader();

  /// The next objects, about a megabyte of them; an empty (but valid) buffer may come, an invalid one is the end.
  /// Errors: corrupt (not XML, not OpenStreetMap, cut off, an entity declared, or a server's own message of failure).
  base::Result<osmium::memory::Buffer> read();

  uint64_t offset() const { return source_.offset(); }
  uint64_t size() const { return source_.size(); }

 private:
  struct Parser;
  ByteSource source_;
  std::unique_ptr<Parser> parser_;
  uint64_t fed_ = 0;
  bool is_done_ = false;
};

}  // namespace cityloom::space
