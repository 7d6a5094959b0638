#include "link/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/yaml_map.hpp"
#include "link/mapping_yaml.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

constexpr size_t file_bytes_max = 4u << 20;

base::Result<std::string> read_text(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(file, ignored)) {
    return fail(Code::not_found, "the file cannot be read", file, "look at its name and rights");
  }
  std::string text(file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  if (text.size() > file_bytes_max) return fail(Code::too_large, "the file is larger than 4 MiB", file);
  return text;
}

MqttSource read_mqtt(base::YamlMap& map, const std::string& name) {
  MqttSource source;
  source.host = map.text("host", source.host);
  const std::string version = map.text("version", "5");
  source.is_version_5 = version == "5";
  if (version != "5" && version != "3.1.1") map.file().mistake(map.node(), "'version' of MQTT is 5 or 3.1.1");
  source.client_id = map.text("client_id", "cityloom-" + name);
  source.keep_alive_s = static_cast<int>(map.integer("keep_alive_s", 30, 5, 65'535));
  source.session_expiry_s = static_cast<uint32_t>(map.integer("session_expiry_s", 86'400, 0, 0xFFFFFFFF));
  source.user = map.text("user");
  source.password_file = map.text("password_file");
  source.ca_file = map.text("ca_file");
  source.certificate_file = map.text("certificate_file");
  source.key_file = map.text("key_file");
  source.port = static_cast<uint16_t>(map.integer("port", source.ca_file.empty() ? 1'883 : 8'883, 1, 65'535));
  if (source.certificate_file.empty() != source.key_file.empty()) {
    map.file().mistake(map.node(), "'certificate_file' and 'key_file' go together");
  }
  return source;
}

std::optional<JoinTable> read_join(base::YamlMap& map) {
  const auto node = map.take("join");
  if (!node) return std::nullopt;
  JoinTable join;
  base::YamlMap table(map.file(), *node, "join");
  join.file = table.required_text("file", "name the table to put beside each row");
  join.key = table.text("key");
  if (const auto on = table.take("on")) join.on = FieldPath::column(base::scalar_text(*on).value_or(""));
  if (const auto equals = table.take("equals")) join.equals = base::scalar_text(*equals).value_or("");
  if (const auto nearest = table.take("nearest_to")) join.nearest_to = read_position(map.file(), *nearest);
  join.longitude = table.text("longitude");
  join.latitude = table.text("latitude");
  table.finish();
  const bool has_key = !join.key.empty();
  const bool has_columns = !join.longitude.empty() && !join.latitude.empty();
  const int ways = int{join.on.has_value()} + int{join.equals.has_value()} + int{join.nearest_to.has_value()};
  if (ways != 1 || (join.nearest_to ? !has_columns : !has_key)) {
    map.file().mistake(*node, "a join says which row belongs to a reading in one way",
                       "use key and on (columns that are equal), key and equals (always this one), or nearest_to with "
                       "longitude and latitude (columns)");
  }
  return join;
}

base::Instant read_instant(base::YamlMap& map, const std::string& key) {
  const std::string text = map.text(key);
  if (text.empty()) return base::Instant::none();
  const auto instant = base::Instant::parse(text);
  if (instant.ok()) return *instant;
  map.file().mistake(map.node(), fmt::format("'{}' is a time such as 2018-01-01T00:00:00+09:00", key));
  return base::Instant::none();
}

ReplaySource read_replay(base::YamlMap& map) {
  ReplaySource source;
  source.file = map.required_text("file", "name the table to replay");
  const std::string shape = map.text("shape", "rows");
  source.shape = shape == "columns" ? ReplaySource::Shape::columns : ReplaySource::Shape::rows;
  if (shape != "rows" && shape != "columns") {
    map.file().mistake(map.node(), "'shape' is rows (a row a reading) or columns (a column a sensor)");
  }
  const std::string delimiter = map.text("delimiter", ",");
  if (delimiter.size() == 1) {
    source.delimiter = delimiter[0];
  } else {
    map.file().mistake(map.node(), "'delimiter' is one character", "for a tabulator write \"\\t\"");
  }
  source.encoding = map.text("encoding", source.encoding);
  source.first_time = read_instant(map, "first_time");
  source.row_interval_s = map.number("row_interval_s", 0);
  source.other_columns = map.texts("other_columns");
  source.join = read_join(map);
  source.step_interval_ms = map.integer("step_interval_ms", source.step_interval_ms, 1, 86'400'000);
  source.speed = map.number("speed", 0);
  source.start_at = read_instant(map, "start_at");
  source.loops = map.flag("loop", false);
  source.resumes = map.flag("resume", true);
  if (source.first_time.exists() != (source.row_interval_s > 0)) {
    map.file().mistake(map.node(), "'first_time' and 'row_interval_s' (above 0) go together");
  }
  if (source.speed < 0) map.file().mistake(map.node(), "'speed' is file seconds per second, above 0");
  return source;
}

void read_mappings(base::YamlMap& map, LinkDefinition& link) {
  const bool columns = std::holds_alternative<ReplaySource>(link.source);
  const auto one = map.take("mapping");
  const auto many = map.take("mappings");
  if (one.has_value() == many.has_value() || (many && (!many->IsSequence() || many->size() == 0))) {
    map.file().mistake(map.node(), "a link has one 'mapping', or a list of 'mappings'");
    return;
  }
  const auto read = [&](const YAML::Node& node) {
    base::YamlMap mapping(map.file(), node, "a mapping");
    link.mappings.push_back(read_mapping(mapping, columns));
    if (std::holds_alternative<MqttSource>(link.source) && link.mappings.back().topics.empty()) {
      map.file().mistake(node, "a mapping of an mqtt link needs the key 'topic'", "write topic: sensors/{id}/air");
    }
  };
  if (one) {
    read(*one);
  } else {
    for (const YAML::Node& node : *many) read(node);
  }
}

bool is_link_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](unsigned char letter) {
    return (letter < 0x80 && std::isalnum(letter) != 0) || letter == '-' || letter == '_' || letter == '.';
  });
}

LinkDefinition read_link(base::YamlFile& file, const YAML::Node& node) {
  LinkDefinition link;
  base::YamlMap map(file, node, "a link");
  link.where = file.where(node);
  link.folder = std::filesystem::path(file.name()).parent_path().string();
  link.name = map.required_text("name", "give it a short name, unique among the links");
  if (!is_link_name(link.name)) {
    file.mistake(node, fmt::format("'{}' is no name for a link", link.name), "use letters, digits, '-', '_' and '.'");
  }
  link.label = map.text_by_language("label");
  const std::string kind = map.required_text("kind", "use mqtt, replay or push");
  link.mailbox_capacity = static_cast<size_t>(map.integer("mailbox", 10'000, 1, kind == "mqtt" ? 65'535 : 1'000'000));
  if (kind == "mqtt") {
    link.source = read_mqtt(map, link.name);
  } else if (kind == "replay") {
    link.source = read_replay(map);
  } else if (kind == "push") {
    link.source = PushSource{};
  } else {
    file.mistake(node, fmt::format("'{}' is no kind of link", kind), "use mqtt, replay or push");
  }
  read_mappings(map, link);
  map.finish();
  if (auto* mqtt = std::get_if<MqttSource>(&link.source)) {
    std::set<std::string> filters;
    for (const Mapping& mapping : link.mappings) {
      for (const TopicPattern& topic : mapping.topics) filters.insert(topic.filter());
    }
    mqtt->filters.assign(filters.begin(), filters.end());
  }
  return link;
}

base::Result<std::vector<LinkDefinition>> read_list(base::YamlFile& file, const YAML::Node& root) {
  std::vector<LinkDefinition> links;
  const YAML::Node list = root.IsMap() ? root["links"] : YAML::Node(YAML::NodeType::Undefined);
  if (list.IsDefined() && !list.IsNull()) {
    if (!list.IsSequence()) {
      file.mistake(list, "'links' is a list", "start each link with '- name:'");
    } else {
      for (const YAML::Node& node : list) links.push_back(read_link(file, node));
    }
  }
  for (size_t at = 0; at < links.size() && !file.error(); ++at) {
    for (size_t other = 0; other < at; ++other) {
      if (links[at].name == links[other].name) {
        file.mistake(list[at],
                     fmt::format("the name '{}' is taken by the link at {}", links[at].name, links[other].where));
      }
    }
  }
  if (file.error()) return *file.error();
  return links;
}

base::Result<Pack> parse_pack(const std::string& text, const std::string& file, const std::string& folder) {
  base::YamlFile read(file);
  const YAML::Node root = read.parse(text);
  if (read.error()) return *read.error();
  Pack pack;
  pack.folder = folder;
  base::YamlMap map(read, root, "a pack");
  pack.name = map.required_text("name", "give the pack a short name");
  pack.label = map.text_by_language("label");
  map.text_by_language("description");
  (void)map.take("links");
  map.finish();
  auto links = read_list(read, root);
  if (!links) return links.error();
  pack.links = std::move(*links);
  return pack;
}

base::Error not_understood(const YAML::Exception& exception, const std::string& file) {
  return fail(Code::invalid, fmt::format("the YAML is not understood: {}", exception.msg), file);
}

}  // namespace

std::string_view LinkDefinition::kind() const {
  if (std::holds_alternative<MqttSource>(source)) return "mqtt";
  return std::holds_alternative<ReplaySource>(source) ? "replay" : "push";
}

base::Result<std::vector<LinkDefinition>> parse_links(std::string_view yaml, const std::string& file) {
  base::YamlFile read(file);
  try {
    const YAML::Node root = read.parse(std::string(yaml));
    if (read.error()) return *read.error();
    return read_list(read, root);
  } catch (const YAML::Exception& exception) {
    return not_understood(exception, file);
  }
}

base::Result<std::vector<LinkDefinition>> read_links(const std::string& file) {
  auto text = read_text(file);
  if (!text) return text.error();
  return parse_links(*text, file);
}

base::Result<Pack> read_pack(const std::string& folder) {
  const std::string file = (std::filesystem::path(folder) / "pack.yaml").string();
  auto text = read_text(file);
  if (!text) return text.error();
  try {
    return parse_pack(*text, file, folder);
  } catch (const YAML::Exception& exception) {
    return not_understood(exception, file);
  }
}

base::Result<std::vector<Pack>> read_packs(const std::string& folder) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (std::filesystem::exists(entry.path() / "pack.yaml", error)) folders.push_back(entry.path().string());
  }
  std::sort(folders.begin(), folders.end());
  std::vector<Pack> packs;
  for (const std::string& one : folders) {
    auto pack = read_pack(one);
    if (!pack) return pack.error();
    packs.push_back(std::move(*pack));
  }
  return packs;
}

}  // namespace cityloom::link
