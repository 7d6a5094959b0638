// An XML file element by element, by expat, hardened: for formats whose elements say all in their attributes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "space/byte_source.hpp"

namespace cityloom::space {

/// The attributes of an element, valid during the call.
class XmlAttributes {
 public:
  explicit XmlAttributes(const char** pairs) : pairs_(pairs) {}
  /// The value, or "" if it is not there.
  std::string_view operator[](std::string_view name) const;
  bool has(std::string_view name) const;

 private:
  const char** pairs_;
};

/// What hears of the elements.
struct XmlVisitor {
  std::function<base::Status(std::string_view name, int depth, const XmlAttributes& attributes)> start;
  std::function<void(std::string_view name, int depth)> end;
  std::function<void(uint64_t bytes_done, uint64_t bytes_total)> progress;  ///< after each block; may be empty
};

/// Reads all of it. Entities of a document type and elements over 200 deep are refused. Memory: expat's, one tag.
/// Errors: corrupt (no well-formed XML; `where` is the line), those of the visitor and of the source.
base::Status read_xml(ByteSource source, const XmlVisitor& visitor);

}  // namespace cityloom::space
