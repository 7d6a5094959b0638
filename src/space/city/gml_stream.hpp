// Walks a GML file of any size, handing out one member of the model at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "space/city/xml_tree.hpp"
#include "space/importer.hpp"

namespace cityloom::space {

/// What a walk tells. Names come without prefixes.
struct GmlListener {
  /// Every element that begins, with its attributes in turn as expat gives them. May be empty.
  std::function<void(std::string_view name, const char** attributes, int depth)> element;
  /// Whether the tree of this member is wanted, by the name of the member's property ("cityObjectMember") and of what
  /// it holds ("Building"). Empty: none is.
  std::function<bool(std::string_view property, std::string_view content)> wants;
  /// A member that was wanted: its tree begins with what the property holds. An error ends the walk.
  std::function<base::Status(std::string_view property, const XmlTree& tree)> member;
  /// Elements anywhere, by their attributes, of which copies are wanted in `library`. May be empty.
  std::function<bool(const char** attributes)> captures;
  XmlTree* library = nullptr;
  /// Every member's end, wanted or not.
  std::function<void()> member_end;
  /// After each block: bytes taken from the file, and all of them. false: stop.
  std::function<bool(uint64_t done, uint64_t total)> on_block;
};

/// Reads the file once. External entities are never read, entities of its own are refused, elements may be nested 200
/// deep. Errors: corrupt (no XML, cut off, has entities, too deep), unavailable, cancelled, those of `member`.
/// Memory: the largest wanted member, at most some 400 MiB (a larger one comes as a tree that says is_too_large()).
base::Status walk_gml(const ImportInput& input, const GmlListener& listener);

}  // namespace cityloom::space
