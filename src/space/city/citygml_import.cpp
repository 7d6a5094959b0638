// Three walks over the file, the second only where it is needed.
#include "space/city/citygml_import.hpp"

#include <absl/container/flat_hash_set.h>
#include <xxhash.h>

#include <algorithm>

#include "space/city/city_import.hpp"
#include "space/city/citygml_object.hpp"
#include "space/city/gml_stream.hpp"
#include "space/osm_values.hpp"
#include "space/terrain/relief_import.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t links_max = 1'000'000;  // to other objects

uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

bool is_relief(std::string_view content) {
  return content == "ReliefFeature" || content.ends_with("Relief");
}

class Reader {
 public:
  Reader(const ImportInput& input, CityImport& import) : input_(input), import_(import) {}
  base::Status read();
  bool has_relief() const { return has_relief_; }

 private:
  base::Status survey();
  base::Status fetch_links();
  base::Status objects();
  base::Status add(const XmlTree& tree);
  void look_at(std::string_view name, const char** attributes, int depth);
  void end_member();
  std::function<bool(uint64_t, uint64_t)> progress(double from, double to);

  const ImportInput& input_;
  CityImport& import_;
  GmlAppearance appearance_;
  XmlTree library_;
  GmlContext context_;
  std::vector<RawPosition> samples_;
  // Of the member at hand, then of the file.
  absl::flat_hash_set<uint64_t> ids_here_, links_here_;
  absl::flat_hash_set<uint64_t> links_;
  bool has_model_ = false, has_any_crs_ = false, has_relief_ = false;
};

std::function<bool(uint64_t, uint64_t)> Reader::progress(double from, double to) {
  return [this, from, to](uint64_t done, uint64_t total) {
    const double part = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
    import_.show_progress(static_cast<uint64_t>(static_cast<double>(total) * (from + part * (to - from))), total);
    return !import_.is_cancelled();
  };
}

// Ids and links cost two lookups each; in a file without links to other objects nothing is kept.
void Reader::look_at(std::string_view name, const char** attributes, int depth) {
  has_relief_ = has_relief_ || is_relief(name);
  if (depth == 1) has_model_ = name == "CityModel" || name == "FeatureCollection";
  for (; attributes[0] != nullptr; attributes += 2) {
    const std::string_view key = local_name(attributes[0]), value = attributes[1];
    if (key == "id" && depth > 1) {
      ids_here_.insert(hash_of(value));
    } else if (key == "href" && value.starts_with("#")) {
      links_here_.insert(hash_of(value.substr(1)));
    } else if (key == "srsName" && !value.empty()) {
      has_any_crs_ = true;
      if (context_.crs.empty() && name == "Envelope") context_.crs = value;
    } else if (key == "srsDimension" && name == "Envelope" && value == "2" && depth == 3) {
      context_.dimension = 2;
    }
  }
}

void Reader::end_member() {
  for (uint64_t link : links_here_) {
    if (!ids_here_.contains(link) && links_.size() < links_max) links_.insert(link);
  }
  ids_here_.clear();
  links_here_.clear();
}

base::Status Reader::survey() {
  GmlListener listener;
  listener.element = [this](std::string_view name, const char** attributes, int depth) {
    look_at(name, attributes, depth);
  };
  listener.wants = [](std::string_view property, std::string_view) {
    return property == "appearanceMember" || property == "boundedBy" || property == "appearance";
  };
  listener.member = [this](std::string_view property, const XmlTree& tree) -> base::Status {
    if (property == "boundedBy") {
      for (const char* name : {"lowerCorner", "upperCorner"}) {
        const XmlTree::Node corner = tree.child(tree.root(), name);
        if (corner == XmlTree::none) continue;
        RawPosition position;
        std::string text(tree.text_of(corner));
        if (std::sscanf(text.c_str(), "%lf %lf", &position.first, &position.second) == 2) samples_.push_back(position);
      }
      return {};
    }
    if (tree.is_too_large()) {
      import_.warn("appearance", "it is larger than 192 MiB: left out");
      return {};
    }
    read_gml_appearance(tree, tree.root(), appearance_);
    return {};
  };
  listener.member_end = [this] { end_member(); };
  listener.on_block = progress(0, 0.4);
  return walk_gml(input_, listener);
}

// What objects link to in other objects.
base::Status Reader::fetch_links() {
  GmlListener listener;
  listener.captures = [this](const char** attributes) {
    for (; attributes[0] != nullptr; attributes += 2) {
      if (local_name(attributes[0]) == "id" && links_.contains(hash_of(attributes[1]))) return true;
    }
    return false;
  };
  listener.library = &library_;
  listener.on_block = progress(0.4, 0.5);
  auto status = walk_gml(input_, listener);
  if (status && library_.is_too_large()) {
    import_.warn("xlink:href", "more than 192 MiB are linked to from other objects: the rest was left out");
  }
  return status;
}

base::Status Reader::add(const XmlTree& tree) {
  CityGmlSurroundings around;
  around.library = links_.empty() ? nullptr : &library_;
  around.appearance = appearance_.empty() ? nullptr : &appearance_;
  around.context = context_;
  around.id_of = [this](std::string_view type, std::string_view id) { return import_.id_of(type, id); };
  for (CityObject& object : read_citygml_objects(tree, around)) {
    if (auto status = import_.add(std::move(object)); !status) return status;
  }
  return {};
}

base::Status Reader::objects() {
  GmlListener listener;
  listener.wants = [this](std::string_view property, std::string_view content) {
    if (property == "appearanceMember" || property == "boundedBy" || is_relief(content)) return false;
    if (!city_type_of(content).empty()) return true;
    if (property == "cityObjectMember") {
      import_.note_once(std::string(content.substr(0, 100)),
                        "objects of type " + std::string(content.substr(0, 100)) + " are not known: left out");
    }
    return false;
  };
  listener.member = [this](std::string_view, const XmlTree& tree) -> base::Status {
    if (tree.is_too_large()) {
      import_.warn(std::string(tree.attribute(tree.root(), "id").substr(0, 200)),
                   "it is larger than 192 MiB: left out");
      return {};
    }
    return add(tree);
  };
  listener.on_block = progress(0.5, 1);
  return walk_gml(input_, listener);
}

base::Status Reader::read() {
  if (auto status = survey(); !status) return status;
  if (!has_model_) return fail(Code::corrupt, "Its root is no CityModel", input_.name);
  import_.set_file_crs(context_.crs, samples_);
  if (!has_any_crs_ && !import_.has_crs()) {
    return fail(Code::invalid, "The file names no coordinate system", input_.name,
                "Name the coordinate system by the option crs, e.g. EPSG:25833");
  }
  if (appearance_.is_full) import_.warn("appearance", "texture coordinates past 40 million were left out");
  if (appearance_.has_unknown_kinds) {
    import_.note_once("appearance", "georeferenced textures and texture coordinates by formula are not read");
  }
  if (!links_.empty()) {
    if (auto status = fetch_links(); !status) return status;
  }
  return objects();
}

}  // namespace

bool is_citygml(std::string_view head) {
  if (head.find('<') == std::string_view::npos) return false;
  return head.find("/citygml/") != std::string_view::npos &&
         (head.find("CityModel") != std::string_view::npos || head.find("FeatureCollection") != std::string_view::npos);
}

base::Status import_citygml(const ImportInput& input, ImportBatch& batch) {
  const auto images = images_of(input);
  return import_citygml_with(input, batch, images.get());
}

base::Status import_citygml_with(const ImportInput& input, ImportBatch& batch, ImageSource* images) {
  auto import = CityImport::begin(batch, images);
  if (!import) return std::move(import).error();
  CityImport& city = **import;
  Reader reader(input, city);
  auto status = city.run([&] { return reader.read(); });
  if (!status || !reader.has_relief()) return status;
  auto relief = import_relief(input, batch);
  // Where there is more than relief, trouble with it must not cost the rest.
  if (relief || city.is_empty() || relief.error().code == Code::cancelled || relief.error().code == Code::unavailable) {
    return relief;
  }
  batch.warn("relief", relief.error().text());
  return {};
}

}  // namespace cityloom::space
