// Everything lies in four vectors, so that an object of a thousand elements costs no allocation once they have grown.
#include "space/city/xml_tree.hpp"

#include <xxhash.h>

namespace cityloom::space {
namespace {

constexpr size_t names_max = 20'000;

uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

void XmlTree::clear() {
  nodes_.clear();
  attributes_.clear();
  open_.clear();
  text_.clear();
  ids_.clear();
  is_too_large_ = false;
  if (name_texts_.size() > names_max) {
    names_.clear();
    name_texts_.clear();
  }
}

const std::string* XmlTree::interned(std::string_view name) {
  const auto found = names_.find(name);
  if (found != names_.end()) return found->second;
  const std::string& kept = name_texts_.emplace_back(name);
  names_.emplace(kept, &kept);
  return &kept;
}

void XmlTree::begin(std::string_view name, const char** attributes) {
  if (is_too_large_ || nodes_.size() >= limits_.nodes_max || text_.size() >= limits_.text_bytes_max) {
    is_too_large_ = true;
    return;
  }
  const auto node = static_cast<Node>(nodes_.size());
  Element element;
  element.name = interned(local_name(name));
  if (!open_.empty()) {
    Element& parent = nodes_[open_.back()];
    // What stands between elements is only white space.
    if (parent.first_child == none) text_.resize(parent.text_start);
    (parent.first_child == none ? parent.first_child : nodes_[parent.last_child].next) = node;
    parent.last_child = node;
  }
  element.attribute_start = static_cast<uint32_t>(attributes_.size());
  for (; attributes != nullptr && attributes[0] != nullptr; attributes += 2) {
    const std::string_view key = local_name(attributes[0]), value = attributes[1];
    attributes_.push_back({interned(key), static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(value.size())});
    text_.append(value);
    if (key == "id") ids_.try_emplace(hash_of(value), node);
  }
  element.attribute_count = static_cast<uint32_t>(attributes_.size()) - element.attribute_start;
  element.text_start = static_cast<uint32_t>(text_.size());
  nodes_.push_back(element);
  open_.push_back(node);
}

void XmlTree::text(std::string_view characters) {
  if (is_too_large_ || open_.empty() || nodes_[open_.back()].first_child != none) return;
  if (text_.size() + characters.size() > limits_.text_bytes_max) {
    is_too_large_ = true;
    return;
  }
  text_.append(characters);
}

void XmlTree::end() {
  if (is_too_large_ || open_.empty()) return;
  Element& element = nodes_[open_.back()];
  if (element.first_child == none) element.text_size = static_cast<uint32_t>(text_.size()) - element.text_start;
  open_.pop_back();
}

std::string_view XmlTree::text_of(Node node) const {
  std::string_view text(text_.data() + nodes_[node].text_start, nodes_[node].text_size);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view XmlTree::attribute(Node node, std::string_view name) const {
  const Element& element = nodes_[node];
  for (uint32_t i = 0; i < element.attribute_count; ++i) {
    const Attribute& one = attributes_[element.attribute_start + i];
    if (*one.name == name) return std::string_view(text_).substr(one.start, one.size);
  }
  return {};
}

XmlTree::Node XmlTree::child(Node node, std::string_view name) const {
  for (Node at = first_child(node); at != none; at = next(at)) {
    if (this->name(at) == name) return at;
  }
  return none;
}

XmlTree::Node XmlTree::find_id(std::string_view id) const {
  const auto found = ids_.find(hash_of(id));
  return found == ids_.end() || attribute(found->second, "id") != id ? none : found->second;
}

}  // namespace cityloom::space
