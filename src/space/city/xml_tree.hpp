// A small tree of one piece of an XML file: names without prefixes, attributes, the texts of leaves.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace cityloom::space {

/// Elements in the order in which they begin. Its memory is used again after `clear`. One worker.
class XmlTree {
 public:
  using Node = uint32_t;
  static constexpr Node none = 0xFFFFFFFF;

  struct Limits {
    size_t nodes_max = 4'000'000;
    size_t text_bytes_max = 192u << 20;
  };

  // Building. Once a limit is passed, all else is left out and is_too_large() is true.
  void clear();
  /// `attributes`: names and values in turn, nullptr at the end, as expat gives them.
  void begin(std::string_view name, const char** attributes);
  void text(std::string_view characters);
  void end();
  bool is_complete() const { return open_.empty() && !nodes_.empty(); }
  bool is_too_large() const { return is_too_large_; }
  size_t node_count() const { return nodes_.size(); }

  // Reading.
  Node root() const { return nodes_.empty() ? none : 0; }
  std::string_view name(Node node) const { return *nodes_[node].name; }
  Node first_child(Node node) const { return nodes_[node].first_child; }
  Node next(Node node) const { return nodes_[node].next; }
  /// The text of a leaf, without white space around it; "" of others.
  std::string_view text_of(Node node) const;
  /// The value of an attribute by its name without prefix; "" if it has none.
  std::string_view attribute(Node node, std::string_view name) const;
  /// The first child of this name, or none.
  Node child(Node node, std::string_view name) const;
  /// The first child, whatever its name, or none: what a property of GML holds.
  Node only_child(Node node) const { return first_child(node); }
  /// The node of this gml:id, or none.
  Node find_id(std::string_view id) const;

 private:
  struct Element {
    const std::string* name = nullptr;
    Node first_child = none, last_child = none, next = none;
    uint32_t text_start = 0, text_size = 0;
    uint32_t attribute_start = 0, attribute_count = 0;
  };
  struct Attribute {
    const std::string* name;
    uint32_t start, size;
  };
  const std::string* interned(std::string_view name);

  std::vector<Element> nodes_;
  std::vector<Attribute> attributes_;
  std::vector<Node> open_;
  std::string text_;
  absl::flat_hash_map<uint64_t, Node> ids_;
  absl::flat_hash_map<std::string_view, const std::string*> names_;
  std::deque<std::string> name_texts_;
  Limits limits_;
  bool is_too_large_ = false;
};

/// A name without its prefix: "bldg:Building" -> "Building".
inline std::string_view local_name(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace cityloom::space
