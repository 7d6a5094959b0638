// From YAML to kinds. Every mistake is said once, the first, with its line.
#include "space/objects/object_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/yaml_map.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::YamlFile;
using base::YamlMap;

constexpr size_t depth_max = 12;
constexpr size_t points_max = 64;
constexpr size_t parameters_max = 30;

bool is_id(std::string_view text) {
  const auto is_good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 64 && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), is_good);
}

bool is_name(std::string_view text) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= 64 && (text.front() < '0' || text.front() > '9') &&
         std::all_of(text.begin(), text.end(), is_good);
}

std::optional<ObjectColour> colour_of(std::string_view text) {
  unsigned number = 0;
  if (text.size() != 7 || text.front() != '#') return std::nullopt;
  const auto [end, problem] = std::from_chars(text.data() + 1, text.data() + 7, number, 16);
  if (problem != std::errc{} || end != text.data() + 7) return std::nullopt;
  ObjectColour colour;
  for (size_t i = 0; i < 3; ++i) colour.rgb[i] = ((number >> (16 - 8 * i)) & 0xFF) / 255.0;
  return colour;
}

// Reads one file into what it adds.
class Reader {
 public:
  Reader(std::string_view name, ObjectDeclarations& to) : file_(std::string(name)), to_(to) {}

  base::Status read(std::string_view text) {
    const YAML::Node root = file_.parse(std::string(text));
    if (!file_.error()) {
      YamlMap map(file_, root, "a file of objects");
      if (const auto node = map.take("categories")) read_categories(*node);
      if (const auto node = map.take("materials")) read_materials(*node);
      if (const auto node = map.take("kinds")) read_kinds(*node);
      if (const auto node = map.take("placing")) read_placing(*node);
      map.finish();
    }
    if (file_.error()) return *file_.error();
    return {};
  }

 private:
  void read_categories(const YAML::Node& node);
  void read_materials(const YAML::Node& node);
  void read_kinds(const YAML::Node& node);
  void read_kind(const std::string& id, const YAML::Node& node);
  void read_parameters(const YAML::Node& node);
  ObjectParameter read_parameter(const std::string& id, const YAML::Node& node);
  void read_choices(const YAML::Node& node, ObjectParameter& parameter);
  void read_default(YamlMap& map, ObjectParameter& parameter);
  void read_values(const YAML::Node& node);
  void read_placing(const YAML::Node& node);
  std::vector<SolidNode> read_solids(const YAML::Node& node, size_t depth);
  SolidNode read_solid(const YAML::Node& node, size_t depth);
  void read_form(YamlMap& map, SolidNode& solid, size_t depth);
  void read_round(YamlMap& map, SolidNode& solid);
  void read_repeat(YamlMap& map, SolidNode& solid);
  ColourChoice read_colour(const YAML::Node& node);
  std::optional<ColourRule> read_colour_name(const YAML::Node& node);
  Expression read_expression(const YAML::Node& node);
  Expression take_expression(YamlMap& map, const std::string& key, double otherwise);
  Expression need_expression(YamlMap& map, const std::string& key, std::string_view remedy);
  std::array<Expression, 3> read_three(const YAML::Node& node, const std::string& what);
  std::array<Expression, 3> take_three(YamlMap& map, const std::string& key);
  std::vector<std::array<Expression, 3>> read_points(const YAML::Node& node, size_t numbers);
  BothTexts texts(YamlMap& map, const std::string& key, bool is_needed);
  void add_name(const YAML::Node& node, const std::string& name);

  YamlFile file_;
  ObjectDeclarations& to_;
  // Of the kind being read.
  ObjectKind kind_;
  std::vector<std::string> names_;
  std::map<std::string, double> constants_;  // choices by id
  size_t solids_ = 0;
};

BothTexts Reader::texts(YamlMap& map, const std::string& key, bool is_needed) {
  const auto all = map.text_by_language(key);
  BothTexts both;
  if (const auto ko = all.find("ko"); ko != all.end()) both.ko = ko->second;
  if (const auto en = all.find("en"); en != all.end()) both.en = en->second;
  if (is_needed && (both.ko.empty() || both.en.empty())) {
    file_.mistake(map.node(), fmt::format("'{}' needs a text in Korean and in English", key),
                  "write " + key + ": {ko: ..., en: ...}");
  }
  return both;
}

void Reader::read_categories(const YAML::Node& node) {
  if (!node.IsMap()) return file_.mistake(node, "'categories' is a map of ids to names");
  for (const auto& pair : node) {
    const std::string id = base::scalar_text(pair.first).value_or("");
    const bool is_known = std::any_of(to_.categories.begin(), to_.categories.end(),
                                      [&](const auto& category) { return category.first == id; });
    if (!is_id(id)) file_.mistake(pair.first, "a category's id has small letters, digits and hyphens");
    if (is_known) file_.mistake(pair.first, fmt::format("the category '{}' is there already", id));
    YamlMap map(file_, pair.second, "a category");
    to_.categories.emplace_back(id, BothTexts{map.text("ko"), map.text("en")});
    if (to_.categories.back().second.ko.empty() || to_.categories.back().second.en.empty()) {
      file_.mistake(pair.second, "a category has a name in Korean and in English", "write {ko: ..., en: ...}");
    }
    map.finish();
  }
}

void Reader::read_materials(const YAML::Node& node) {
  if (!node.IsMap()) return file_.mistake(node, "'materials' is a map of names to materials");
  for (const auto& pair : node) {
    const std::string name = base::scalar_text(pair.first).value_or("");
    if (!is_id(name)) file_.mistake(pair.first, "a material's name has small letters, digits and hyphens");
    if (std::count(to_.material_names.begin(), to_.material_names.end(), name) > 0) {
      file_.mistake(pair.first, fmt::format("the material '{}' is there already", name));
    }
    YamlMap map(file_, pair.second, "a material");
    ObjectMaterial material;
    const auto colour = colour_of(map.required_text("colour", "write colour: '#8a8d8f'"));
    if (!colour) file_.mistake(pair.second, "a colour is written as '#rrggbb'");
    material.colour = colour.value_or(ObjectColour{});
    material.colour.opacity = map.number("opacity", 1);
    if (!(material.colour.opacity > 0 && material.colour.opacity <= 1)) {
      file_.mistake(pair.second, "'opacity' is above 0 and at most 1");
    }
    const std::string finish = map.text("finish", "matt");
    static const std::map<std::string, ObjectFinish> finishes{{"matt", ObjectFinish::matt},
                                                              {"metal", ObjectFinish::metal},
                                                              {"glass", ObjectFinish::glass},
                                                              {"lit", ObjectFinish::lit}};
    const auto found = finishes.find(finish);
    if (found == finishes.end()) file_.mistake(pair.second, "'finish' is matt, metal, glass or lit");
    if (found != finishes.end()) material.finish = found->second;
    map.finish();
    to_.material_names.push_back(name);
    to_.materials.push_back(material);
  }
}

void Reader::read_kinds(const YAML::Node& node) {
  if (!node.IsMap()) return file_.mistake(node, "'kinds' is a map of ids to kinds");
  for (const auto& pair : node) {
    if (file_.error()) return;
    const std::string id = base::scalar_text(pair.first).value_or("");
    if (!is_id(id)) return file_.mistake(pair.first, "a kind's id has small letters, digits and hyphens");
    for (const ObjectKind& known : to_.kinds) {
      if (known.id == id) {
        return file_.mistake(pair.first, fmt::format("the kind '{}' is there already, at {}", id, known.where));
      }
    }
    read_kind(id, pair.second);
  }
}

void Reader::read_kind(const std::string& id, const YAML::Node& node) {
  kind_ = {};
  kind_.id = id;
  kind_.where = file_.where(node);
  names_.clear();
  constants_.clear();
  solids_ = 0;
  YamlMap map(file_, node, fmt::format("the kind '{}'", id));
  kind_.category = map.required_text("category", "name one of the categories");
  const bool is_known = std::any_of(to_.categories.begin(), to_.categories.end(),
                                    [&](const auto& category) { return category.first == kind_.category; });
  if (!is_known) {
    file_.mistake(node, fmt::format("there is no category '{}'", kind_.category), "declare it under 'categories'");
  }
  kind_.name = texts(map, "name", true);
  kind_.note = texts(map, "note", false);
  kind_.standard = map.text("standard");
  if (const auto parameters = map.take("parameters")) read_parameters(*parameters);
  if (const auto values = map.take("values")) read_values(*values);
  const auto size = map.take("size");
  if (!size) file_.mistake(node, "a kind says its size", "write size: [width, depth, height] in metres");
  if (size) kind_.size = read_three(*size, "size");
  const auto solids = map.take("solids");
  if (!solids) file_.mistake(node, "a kind has solids", "write solids: and a list of them");
  if (solids) kind_.solids = read_solids(*solids, 0);
  map.finish();
  if (!file_.error()) to_.kinds.push_back(std::move(kind_));
}

void Reader::add_name(const YAML::Node& node, const std::string& name) {
  if (!is_name(name)) file_.mistake(node, "a name in formulas has letters, digits and '_', and begins with no digit");
  if (std::count(names_.begin(), names_.end(), name) > 0 || constants_.contains(name)) {
    file_.mistake(node, fmt::format("the name '{}' is there twice", name));
  }
  names_.push_back(name);
}

void Reader::read_parameters(const YAML::Node& node) {
  if (!node.IsMap() || node.size() > parameters_max) {
    return file_.mistake(node, fmt::format("'parameters' is a map of at most {} parameters", parameters_max));
  }
  for (const auto& pair : node) {
    const std::string id = base::scalar_text(pair.first).value_or("");
    add_name(pair.first, id);
    ObjectParameter parameter = read_parameter(id, pair.second);
    for (size_t i = 0; i < parameter.choices.size(); ++i) {
      const std::string& name = parameter.choices[i].id;
      const auto [place, is_new] = constants_.emplace(name, static_cast<double>(i));
      if (!is_new && place->second != static_cast<double>(i)) {
        file_.mistake(pair.second, fmt::format("the choice '{}' stands for two numbers", name), "give it another id");
      }
    }
    kind_.parameters.push_back(std::move(parameter));
  }
}

ObjectParameter Reader::read_parameter(const std::string& id, const YAML::Node& node) {
  ObjectParameter parameter;
  parameter.id = id;
  YamlMap map(file_, node, fmt::format("the parameter '{}'", id));
  parameter.name = texts(map, "name", true);
  parameter.unit = map.text("unit");
  if (const auto choices = map.take("choices")) read_choices(*choices, parameter);
  read_default(map, parameter);
  if (parameter.kind == ObjectParameter::Kind::number) {
    parameter.minimum = map.number("min", parameter.default_value);
    parameter.maximum = map.number("max", parameter.default_value);
    parameter.step = map.number("step", 0.1);
    const bool is_ordered =
        parameter.minimum <= parameter.default_value && parameter.default_value <= parameter.maximum;
    if (!is_ordered || !(parameter.step > 0) || std::abs(parameter.minimum) > 1e6 ||
        std::abs(parameter.maximum) > 1e6) {
      file_.mistake(node, "'min', 'default' and 'max' are in this order, within a million, and 'step' is above 0");
    }
  }
  map.finish();
  return parameter;
}

void Reader::read_choices(const YAML::Node& node, ObjectParameter& parameter) {
  parameter.kind = ObjectParameter::Kind::choice;
  if (!node.IsMap() || node.size() == 0 || node.size() > 40) {
    return file_.mistake(node, "'choices' is a map of ids to names, at most 40");
  }
  for (const auto& pair : node) {
    const std::string id = base::scalar_text(pair.first).value_or("");
    if (!is_name(id)) file_.mistake(pair.first, "a choice's id has letters, digits and '_'");
    if (std::count(names_.begin(), names_.end(), id) > 0) {
      file_.mistake(pair.first, fmt::format("'{}' is a parameter already", id));
    }
    YamlMap map(file_, pair.second, "a choice");
    parameter.choices.push_back({id, {map.text("ko"), map.text("en")}});
    map.finish();
  }
}

void Reader::read_default(YamlMap& map, ObjectParameter& parameter) {
  const auto node = map.take("default");
  if (!node) return file_.mistake(map.node(), "a parameter has a 'default'");
  const std::string text = base::scalar_text(*node).value_or("");
  double number = 0;
  if (parameter.kind == ObjectParameter::Kind::choice) {
    const auto found = std::find_if(parameter.choices.begin(), parameter.choices.end(),
                                    [&](const ObjectChoice& choice) { return choice.id == text; });
    if (found == parameter.choices.end()) return file_.mistake(*node, "'default' is none of the choices");
    parameter.default_value = static_cast<double>(found - parameter.choices.begin());
  } else if (text == "true" || text == "false") {
    parameter.kind = ObjectParameter::Kind::flag;
    parameter.default_value = text == "true" ? 1 : 0;
  } else if (const auto colour = colour_of(text)) {
    parameter.kind = ObjectParameter::Kind::colour;
    parameter.default_colour = *colour;
  } else if (YAML::convert<double>::decode(*node, number) && std::isfinite(number)) {
    parameter.default_value = number;
  } else {
    file_.mistake(*node, "'default' is a number, true, false, '#rrggbb' or one of the choices");
  }
}

void Reader::read_values(const YAML::Node& node) {
  if (!node.IsMap() || node.size() > parameters_max) {
    return file_.mistake(node, fmt::format("'values' is a map of at most {} formulas", parameters_max));
  }
  for (const auto& pair : node) {
    const std::string name = base::scalar_text(pair.first).value_or("");
    Expression expression = read_expression(pair.second);
    add_name(pair.first, name);
    kind_.values.emplace_back(name, std::move(expression));
  }
}

Expression Reader::read_expression(const YAML::Node& node) {
  const auto text = base::scalar_text(node);
  if (!text) {
    file_.mistake(node, "here stands a number or a formula");
    return Expression();
  }
  // Choices stand behind the names, as numbers that never change.
  std::vector<std::string> names = names_;
  for (const auto& [id, number] : constants_) names.push_back(id);
  auto parsed = Expression::parse(*text, names);
  if (!parsed) {
    file_.mistake(node, parsed.error());
    return Expression();
  }
  std::vector<std::pair<uint32_t, double>> known;
  uint32_t place = static_cast<uint32_t>(names_.size());
  for (const auto& [id, number] : constants_) known.emplace_back(place++, number);
  parsed->fix(known);
  return std::move(*parsed);
}

Expression Reader::take_expression(YamlMap& map, const std::string& key, double otherwise) {
  const auto node = map.take(key);
  return node ? read_expression(*node) : Expression(otherwise);
}

Expression Reader::need_expression(YamlMap& map, const std::string& key, std::string_view remedy) {
  const auto node = map.take(key);
  if (node) return read_expression(*node);
  file_.mistake(map.node(), fmt::format("'{}' is missing", key), std::string(remedy));
  return Expression();
}

std::array<Expression, 3> Reader::read_three(const YAML::Node& node, const std::string& what) {
  std::array<Expression, 3> three;
  if (!node.IsSequence() || node.size() != 3) {
    file_.mistake(node, fmt::format("'{}' is a list of three numbers or formulas", what));
    return three;
  }
  for (size_t i = 0; i < 3; ++i) three[i] = read_expression(node[i]);
  return three;
}

std::array<Expression, 3> Reader::take_three(YamlMap& map, const std::string& key) {
  const auto node = map.take(key);
  return node ? read_three(*node, key) : std::array<Expression, 3>{};
}

std::vector<std::array<Expression, 3>> Reader::read_points(const YAML::Node& node, size_t numbers) {
  std::vector<std::array<Expression, 3>> points;
  if (!node.IsSequence() || node.size() > points_max) {
    file_.mistake(node, fmt::format("here stands a list of at most {} points", points_max));
    return points;
  }
  for (const YAML::Node& item : node) {
    if (!item.IsSequence() || item.size() != numbers) {
      file_.mistake(item, fmt::format("a point here has {} numbers", numbers));
      return points;
    }
    std::array<Expression, 3> point;
    for (size_t i = 0; i < numbers; ++i) point[i] = read_expression(item[i]);
    points.push_back(std::move(point));
  }
  return points;
}

std::optional<ColourRule> Reader::read_colour_name(const YAML::Node& node) {
  const std::string name = base::scalar_text(node).value_or("");
  for (size_t i = 0; i < kind_.parameters.size(); ++i) {
    const ObjectParameter& parameter = kind_.parameters[i];
    if (parameter.id == name && parameter.kind == ObjectParameter::Kind::colour) {
      return ColourRule{ColourRule::Kind::parameter, static_cast<uint32_t>(i)};
    }
  }
  const auto found = std::find(to_.material_names.begin(), to_.material_names.end(), name);
  if (found != to_.material_names.end()) {
    return ColourRule{ColourRule::Kind::material, static_cast<uint32_t>(found - to_.material_names.begin())};
  }
  file_.mistake(node, fmt::format("there is no material or colour parameter '{}'", name),
                "declare it under 'materials'");
  return std::nullopt;
}

ColourChoice Reader::read_colour(const YAML::Node& node) {
  ColourChoice choice;
  if (node.IsScalar()) {
    if (const auto rule = read_colour_name(node)) choice.rules.emplace_back(std::nullopt, *rule);
    return choice;
  }
  if (!node.IsSequence() || node.size() % 2 == 0 || node.size() > 21) {
    file_.mistake(node, "a colour is a material's name, or a list: condition, material, ..., material otherwise");
    return choice;
  }
  for (size_t i = 0; i + 1 < node.size(); i += 2) {
    Expression condition = read_expression(node[i]);
    if (const auto rule = read_colour_name(node[i + 1])) choice.rules.emplace_back(std::move(condition), *rule);
  }
  if (const auto rule = read_colour_name(node[node.size() - 1])) choice.rules.emplace_back(std::nullopt, *rule);
  return choice;
}

std::vector<SolidNode> Reader::read_solids(const YAML::Node& node, size_t depth) {
  std::vector<SolidNode> solids;
  if (!node.IsSequence()) {
    file_.mistake(node, "'solids' is a list");
    return solids;
  }
  if (depth > depth_max) {
    file_.mistake(node, fmt::format("groups stand at most {} deep in each other", depth_max));
    return solids;
  }
  for (const YAML::Node& item : node) {
    if (file_.error()) break;
    if (++solids_ > object_solids_max) {
      file_.mistake(item, fmt::format("a kind has at most {} solids", object_solids_max), "use repeat");
      break;
    }
    solids.push_back(read_solid(item, depth));
  }
  return solids;
}

SolidNode Reader::read_solid(const YAML::Node& node, size_t depth) {
  static const std::map<std::string, SolidNode::Kind> kinds{
      {"box", SolidNode::Kind::box},       {"prism", SolidNode::Kind::prism}, {"cylinder", SolidNode::Kind::cylinder},
      {"sphere", SolidNode::Kind::sphere}, {"sweep", SolidNode::Kind::sweep}, {"group", SolidNode::Kind::group},
      {"repeat", SolidNode::Kind::repeat}};
  SolidNode solid;
  solid.where = file_.where(node);
  const bool is_pair = node.IsMap() && node.size() == 1;
  const std::string name = is_pair ? base::scalar_text(node.begin()->first).value_or("") : "";
  const auto found = kinds.find(name);
  if (found == kinds.end()) {
    file_.mistake(node, fmt::format("'{}' is no solid", name),
                  "write one of box, prism, cylinder, sphere, sweep, group, repeat, as - box: {...}");
    return solid;
  }
  solid.kind = found->second;
  YamlMap map(file_, node.begin()->second, fmt::format("a {}", name));
  solid.at = take_three(map, "at");
  solid.turn = take_three(map, "turn");
  if (const auto when = map.take("when")) solid.when = read_expression(*when);
  solid.is_detail = map.flag("detail", false);
  solid.is_coarse = map.flag("coarse", false);
  read_form(map, solid, depth);
  map.finish();
  return solid;
}

void Reader::read_form(YamlMap& map, SolidNode& solid, size_t depth) {
  using Kind = SolidNode::Kind;
  if (solid.kind == Kind::group || solid.kind == Kind::repeat) {
    if (solid.kind == Kind::repeat) read_repeat(map, solid);
    const auto children = map.take("solids");
    if (!children) return file_.mistake(map.node(), "'solids' is missing");
    solid.children = read_solids(*children, depth + 1);
    return;
  }
  const auto colour = map.take("colour");
  if (!colour) return file_.mistake(map.node(), "'colour' is missing", "name a material");
  solid.colour = read_colour(*colour);
  const std::string axis = map.text("axis", "z");
  if (axis != "x" && axis != "y" && axis != "z") file_.mistake(map.node(), "'axis' is x, y or z");
  solid.axis = axis == "x" ? SolidNode::Axis::x : axis == "y" ? SolidNode::Axis::y : SolidNode::Axis::z;
  if (solid.kind == Kind::box) {
    solid.size = take_three(map, "size");
    if (!map.has("size")) file_.mistake(map.node(), "'size' is missing", "write size: [x, y, z] in metres");
  } else if (solid.kind == Kind::prism) {
    const auto outline = map.take("outline");
    if (!outline) return file_.mistake(map.node(), "'outline' is missing", "write a list of points [a, b]");
    solid.points = read_points(*outline, 2);
    if (solid.points.size() < 3) file_.mistake(*outline, "an outline has three points at least");
    solid.size[2] = need_expression(map, "length", "write length: 0.5");
  } else {
    read_round(map, solid);
  }
}

void Reader::read_round(YamlMap& map, SolidNode& solid) {
  using Kind = SolidNode::Kind;
  solid.sides = static_cast<uint32_t>(map.integer("sides", 12, 4, 64));
  if (solid.sides % 4 != 0) file_.mistake(map.node(), "'sides' is a multiple of 4, so that the width is exact");
  const auto radius = map.take("radius");
  if (!radius) return file_.mistake(map.node(), "'radius' is missing", "write radius: 0.1");
  if (solid.kind == Kind::sphere) {
    solid.is_half = map.flag("half", false);
    if (radius->IsSequence()) {
      solid.size = read_three(*radius, "radius");
    } else {
      solid.size.fill(read_expression(*radius));
    }
    return;
  }
  solid.size[0] = read_expression(*radius);
  if (solid.kind == Kind::sweep) {
    const auto path = map.take("path");
    if (!path) return file_.mistake(map.node(), "'path' is missing", "write a list of points [x, y, z]");
    solid.points = read_points(*path, 3);
    if (solid.points.size() < 2) file_.mistake(*path, "a path has two points at least");
    return;
  }
  const auto end = map.take("end_radius");
  solid.size[1] = end ? read_expression(*end) : solid.size[0];
  solid.size[2] = need_expression(map, "length", "write length: 0.5");
}

void Reader::read_repeat(YamlMap& map, SolidNode& solid) {
  solid.size[0] = need_expression(map, "count", "write count: 4");
  solid.step = take_three(map, "step");
  solid.spin = take_expression(map, "spin", 0);
}

void Reader::read_placing(const YAML::Node& node) {
  if (!node.IsSequence()) return file_.mistake(node, "'placing' is a list of rules");
  for (const YAML::Node& item : node) {
    YamlMap map(file_, item, "a rule of placing");
    PlacingRule rule;
    rule.type = map.required_text("type", "name the entities' type");
    rule.categories = map.texts("category");
    rule.kind = map.required_text("kind", "name a kind");
    const bool is_known =
        std::any_of(to_.kinds.begin(), to_.kinds.end(), [&](const ObjectKind& kind) { return kind.id == rule.kind; });
    if (!is_known) file_.mistake(item, fmt::format("there is no kind '{}'", rule.kind));
    if (const auto parameters = map.take("parameters"); parameters && parameters->IsMap()) {
      for (const auto& pair : *parameters) {
        rule.parameters[base::scalar_text(pair.first).value_or("")] = base::scalar_text(pair.second).value_or("");
      }
    }
    map.finish();
    to_.placing.push_back(std::move(rule));
  }
}

}  // namespace

const ObjectParameter* ObjectKind::find_parameter(std::string_view parameter_id) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const ObjectParameter& parameter) { return parameter.id == parameter_id; });
  return found == parameters.end() ? nullptr : &*found;
}

base::Status read_objects(std::string_view name, std::string_view text, ObjectDeclarations& to) {
  if (text.size() > object_file_bytes_max) return fail(Code::too_large, "the file is over 1 MiB", std::string(name));
  ObjectDeclarations added = to;
  if (const base::Status status = Reader(name, added).read(text); !status) return status;
  to = std::move(added);
  return {};
}

}  // namespace cityloom::space
