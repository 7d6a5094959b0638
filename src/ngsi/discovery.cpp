#include "ngsi/discovery.hpp"

#include <simdjson.h>

#include "ngsi/kinds.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;
using base::Code;

class DiscoveryReader {
 public:
  explicit DiscoveryReader(const Context& context) : context_(context) {}

  base::Result<Told> read(Element root) {
    Array list;
    Told told;
    if (root.get(list) != simdjson::SUCCESS) {
      one(root, told);
    } else {
      for (const Element element : list) one(element, told);
    }
    if (!is_read_) return base::fail(Code::invalid, "this tells of neither types nor attributes", "body");
    if (names_ > told_names_max) {
      return base::fail(Code::too_large,
                        "more than " + std::to_string(told_names_max) + " names of types and attributes", "body");
    }
    return told;
  }

 private:
  void one(Element element, Told& to) {
    Object object;
    if (element.get(object) != simdjson::SUCCESS) return;
    std::string_view name;
    if (object["typeName"].get(name) == simdjson::SUCCESS) return type(object, name, to.types);
    if (object["attributeName"].get(name) == simdjson::SUCCESS) return attribute(object, name, to.attributes);
    Element list;
    if (object["typeList"].get(list) == simdjson::SUCCESS) {
      each_name(list, [&](std::string_view text) { to.types.push_back({context_.expand_type(text), 0, {}}); });
    } else if (object["attributeList"].get(list) == simdjson::SUCCESS) {
      each_name(list, [&](std::string_view text) { to.attributes.push_back({context_.expand(text), 0, {}, {}}); });
    }
  }

  static uint64_t count_in(Object object, const char* name) {
    uint64_t count = 0;
    return object[name].get(count) == simdjson::SUCCESS ? count : 0;
  }

  void type(Object object, std::string_view name, std::vector<ToldType>& to) {
    if (!counted(name)) return;
    ToldType type{context_.expand_type(name), 0, {}};
    type.entities = count_in(object, "entityCount");
    Element names;
    if (object["attributeNames"].get(names) == simdjson::SUCCESS)
      each_name(names, [&](std::string_view text) { type.attributes.push_back({context_.expand(text), 0, {}, {}}); });
    Array details;
    if (object["attributeDetails"].get(details) == simdjson::SUCCESS) {
      for (const Element element : details) {
        Object detail;
        std::string_view detail_name;
        if (element.get(detail) == simdjson::SUCCESS && detail["attributeName"].get(detail_name) == simdjson::SUCCESS)
          attribute(detail, detail_name, type.attributes);
      }
    }
    to.push_back(std::move(type));
  }

  void attribute(Object object, std::string_view name, std::vector<ToldAttribute>& to) {
    if (!counted(name)) return;
    ToldAttribute attribute{context_.expand(name), 0, {}, {}};
    attribute.instances = count_in(object, "attributeCount");
    Element list;
    if (object["attributeTypes"].get(list) == simdjson::SUCCESS) {
      each_name(list, [&](std::string_view text) {
        if (const auto kind = kind_of_type(text)) attribute.kinds.push_back(*kind);
      });
    }
    if (object["typeNames"].get(list) == simdjson::SUCCESS)
      each_name(list, [&](std::string_view text) { attribute.types.push_back(context_.expand_type(text)); });
    to.push_back(std::move(attribute));
  }

  // One name, or an array of them.
  template <class Take>
  void each_name(Element element, const Take& take) {
    Array list;
    std::string_view text;
    if (element.get(text) == simdjson::SUCCESS) {
      if (counted(text)) take(text);
    } else if (element.get(list) == simdjson::SUCCESS) {
      for (const Element name : list) {
        if (name.get(text) == simdjson::SUCCESS && counted(text)) take(text);
      }
      is_read_ = true;
    }
  }

  // Past the limit nothing more is kept.
  bool counted(std::string_view name) {
    is_read_ = true;
    return is_name(name) && ++names_ <= told_names_max;
  }

  const Context& context_;
  size_t names_ = 0;
  bool is_read_ = false;
};

}  // namespace

base::Result<Told> parse_discovery(std::string_view json, const Context& context) {
  simdjson::dom::parser parser;
  Element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS)
    return base::fail(Code::invalid, "this is no JSON", "body");
  Array list;
  if (root.get(list) == simdjson::SUCCESS && list.size() == 0) return Told{};
  return DiscoveryReader(context).read(root);
}

}  // namespace cityloom::ngsi
