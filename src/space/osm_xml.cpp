// expat calls us; an object is gathered from its start tag to its end tag, then built into libosmium's buffer.
#include "space/osm_xml.hpp"

#include <expat.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <osmium/builder/osm_object_builder.hpp>
#include <utility>
#include <vector>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
namespace bits = osmium::osm_entity_bits;

constexpr size_t block_bytes = 1u << 16;
constexpr size_t buffer_bytes = 1u << 20;
constexpr uint64_t token_bytes_max = 16u << 20;  // expat holds a token until its end
constexpr size_t parts_max = 1'000'000;          // tags, nodes and members of one object
constexpr size_t text_bytes_max = 65'535;

struct Member {
  osmium::item_type type = osmium::item_type::undefined;
  int64_t ref = 0;
  std::string role;
  std::vector<osmium::NodeRef> nodes;
};

template <class Number>
std::optional<Number> number_of(const char* text) {
  if (text == nullptr) return {};
  Number number{};
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  if (error != std::errc() || stop != end || stop == text) return {};
  return number;
}

}  // namespace

// What is gathered of the object at hand, and the buffer of finished ones.
struct OsmXmlReader::Parser {
  XML_Parser expat = XML_ParserCreate(nullptr);
  bits::type types;
  Warn warn;
  osmium::memory::Buffer buffer{buffer_bytes, osmium::memory::Buffer::auto_grow::yes};
  std::optional<base::Error> error;

  int depth = 0;
  osmium::item_type type = osmium::item_type::undefined;  // of the object at hand; undefined: none
  bool is_skipped = false;                                // deleted, or not asked for
  std::string trouble;                                    // why it cannot be built
  std::string name;                                       // "way/12"
  int64_t id = 0;
  osmium::Location location;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<osmium::NodeRef> nodes;
  std::vector<Member> members;
  bool is_remark = false;
  std::string remark;

  ~Parser() { XML_ParserFree(expat); }

  void stop(std::string reason) {
    if (!error) error = fail(Code::corrupt, std::move(reason));
    XML_StopParser(expat, XML_FALSE);
  }

  static const char* attribute(const XML_Char** attributes, const char* wanted) {
    for (; *attributes != nullptr; attributes += 2) {
      if (std::strcmp(attributes[0], wanted) == 0) return attributes[1];
    }
    return nullptr;
  }

  static osmium::Location location_of(const XML_Char** attributes) {
    const auto longitude = number_of<double>(attribute(attributes, "lon"));
    const auto latitude = number_of<double>(attribute(attributes, "lat"));
    if (!longitude || !latitude || !(std::abs(*longitude) <= 180) || !(std::abs(*latitude) <= 90))
      return osmium::Location();
    return osmium::Location(*longitude, *latitude);
  }

  void start(const char* element, const XML_Char** attributes);
  void start_object(osmium::item_type object_type, const XML_Char** attributes);
  void start_child(const char* element, const XML_Char** attributes);
  void end(const char* element);
  void build();
  template <class Builder>
  void finish(Builder& builder);
  void build_way(int64_t way_id, const std::vector<osmium::NodeRef>& way_nodes, bool with_tags);
  void build_relation();
};

void OsmXmlReader::Parser::start(const char* element, const XML_Char** attributes) {
  ++depth;
  if (depth == 1 && std::strcmp(element, "osm") != 0) {
    return stop(std::string("it is XML, but its root is <") + excerpt(element) + "> and not <osm>");
  }
  if (depth == 2) {
    if (std::strcmp(element, "node") == 0) return start_object(osmium::item_type::node, attributes);
    if (std::strcmp(element, "way") == 0) return start_object(osmium::item_type::way, attributes);
    if (std::strcmp(element, "relation") == 0) return start_object(osmium::item_type::relation, attributes);
    is_remark = std::strcmp(element, "remark") == 0;
    return;
  }
  if (type != osmium::item_type::undefined && !is_skipped) start_child(element, attributes);
}

void OsmXmlReader::Parser::start_object(osmium::item_type object_type, const XML_Char** attributes) {
  type = object_type;
  trouble.clear();
  tags.clear();
  nodes.clear();
  members.clear();
  const char* visible = attribute(attributes, "visible");
  const char* action = attribute(attributes, "action");
  is_skipped = (osmium::osm_entity_bits::from_item_type(type) & types) == 0 ||
               (visible != nullptr && std::strcmp(visible, "false") == 0) ||
               (action != nullptr && std::strcmp(action, "delete") == 0);
  if (is_skipped) return;
  const auto number = number_of<int64_t>(attribute(attributes, "id"));
  id = number.value_or(0);
  name = number ? std::string(osmium::item_type_to_name(type)) + "/" + std::to_string(id)
                : "line " + std::to_string(XML_GetCurrentLineNumber(expat));
  if (!number) trouble = std::string("a ") + osmium::item_type_to_name(type) + " without a number as its id";
  if (type == osmium::item_type::node) location = location_of(attributes);
}

void OsmXmlReader::Parser::start_child(const char* element, const XML_Char** attributes) {
  if (tags.size() + nodes.size() + members.size() > parts_max) {
    trouble = "it has more than a million tags, nodes or members";
    return;
  }
  if (std::strcmp(element, "tag") == 0 && depth == 3) {
    const char *key = attribute(attributes, "k"), *value = attribute(attributes, "v");
    if (key == nullptr || value == nullptr) return;
    tags.emplace_back(excerpt(key, 255), excerpt(value, text_bytes_max / 16));
  } else if (std::strcmp(element, "nd") == 0) {
    osmium::NodeRef node(number_of<int64_t>(attribute(attributes, "ref")).value_or(0), location_of(attributes));
    if (depth == 3) nodes.push_back(node);
    if (depth == 4 && !members.empty()) members.back().nodes.push_back(node);
  } else if (std::strcmp(element, "member") == 0 && depth == 3) {
    const auto ref = number_of<int64_t>(attribute(attributes, "ref"));
    const char *kind = attribute(attributes, "type"), *role = attribute(attributes, "role");
    if (!ref || kind == nullptr || std::strchr("nwr", kind[0]) == nullptr) {
      trouble = "one of its members has no type or no number";
      return;
    }
    members.push_back({osmium::char_to_item_type(kind[0]), *ref, excerpt(role == nullptr ? "" : role, 255), {}});
  }
}

template <class Builder>
void OsmXmlReader::Parser::finish(Builder& builder) {
  osmium::builder::TagListBuilder list(builder);
  for (const auto& [key, value] : tags) list.add_tag(key, value);
}

void OsmXmlReader::Parser::build_way(int64_t way_id, const std::vector<osmium::NodeRef>& way_nodes, bool with_tags) {
  {
    osmium::builder::WayBuilder builder(buffer);
    builder.set_id(way_id);
    {
      osmium::builder::WayNodeListBuilder list(builder);
      for (const osmium::NodeRef& node : way_nodes) list.add_node_ref(node);
    }
    if (with_tags) finish(builder);
  }
  buffer.commit();
}

void OsmXmlReader::Parser::build_relation() {
  for (const Member& member : members) {
    if (member.type == osmium::item_type::way && !member.nodes.empty()) build_way(member.ref, member.nodes, false);
  }
  osmium::builder::RelationBuilder builder(buffer);
  builder.set_id(id);
  {
    osmium::builder::RelationMemberListBuilder list(builder);
    for (const Member& member : members) list.add_member(member.type, member.ref, member.role);
  }
  finish(builder);
}

void OsmXmlReader::Parser::build() {
  if (!trouble.empty()) return warn(name, trouble);
  if (type == osmium::item_type::way) return build_way(id, nodes, true);
  if (type == osmium::item_type::relation) {
    build_relation();
  } else {
    osmium::builder::NodeBuilder builder(buffer);
    builder.set_id(id).set_location(location);
    finish(builder);
  }
  buffer.commit();
}

void OsmXmlReader::Parser::end(const char*) {
  if (depth == 2 && type != osmium::item_type::undefined) {
    if (!is_skipped) build();
    type = osmium::item_type::undefined;
  }
  // A query server that runs out of time or memory ends the file properly and says so here.
  if (depth == 2 && is_remark && remark.find("error") != std::string::npos) {
    stop("the server that made it did not finish: " + excerpt(remark, 200));
  }
  if (depth == 2) is_remark = false;
  --depth;
}

OsmXmlReader::OsmXmlReader(ByteSource source, bits::type types, Warn warn)
    : source_(std::move(source)), parser_(std::make_unique<Parser>()) {
  parser_->types = types;
  parser_->warn = std::move(warn);
  XML_SetUserData(parser_->expat, parser_.get());
  XML_SetElementHandler(
      parser_->expat,
      [](void* self, const XML_Char* element, const XML_Char** attributes) {
        static_cast<Parser*>(self)->start(element, attributes);
      },
      [](void* self, const XML_Char* element) { static_cast<Parser*>(self)->end(element); });
  XML_SetCharacterDataHandler(parser_->expat, [](void* self, const XML_Char* text, int size) {
    auto& parser = *static_cast<Parser*>(self);
    if (parser.is_remark && parser.remark.size() < 1000) parser.remark.append(text, static_cast<size_t>(size));
  });
  XML_SetEntityDeclHandler(parser_->expat, [](void* self, const XML_Char*, int, const XML_Char*, int, const XML_Char*,
                                              const XML_Char*, const XML_Char*, const XML_Char*) {
    static_cast<Parser*>(self)->stop("it declares entities, which OpenStreetMap files never do");
  });
}

OsmXmlReader::~OsmXmlReader() = default;

base::Result<osmium::memory::Buffer> OsmXmlReader::read() {
  if (is_done_) return osmium::memory::Buffer();
  std::array<char, block_bytes> block;
  while (!is_done_ && parser_->buffer.committed() < buffer_bytes / 2) {
    auto count = source_.read(block.data(), block.size());
    if (!count) return std::move(count).error();
    is_done_ = *count == 0;
    const auto status = XML_Parse(parser_->expat, block.data(), static_cast<int>(*count), is_done_ ? 1 : 0);
    if (parser_->error) return *parser_->error;
    if (status != XML_STATUS_OK) {
      return fail(Code::corrupt, std::string("line ") + std::to_string(XML_GetCurrentLineNumber(parser_->expat)) +
                                     ": " + XML_ErrorString(XML_GetErrorCode(parser_->expat)));
    }
    fed_ += *count;
    const auto parsed = XML_GetCurrentByteIndex(parser_->expat);
    if (parsed >= 0 && fed_ - static_cast<uint64_t>(parsed) > token_bytes_max) {
      return fail(Code::corrupt, "line " + std::to_string(XML_GetCurrentLineNumber(parser_->expat)) +
                                     ": one tag has more than 16 MiB");
    }
  }
  osmium::memory::Buffer full(buffer_bytes, osmium::memory::Buffer::auto_grow::yes);
  std::swap(full, parser_->buffer);
  return full;
}

}  // namespace cityloom::space
