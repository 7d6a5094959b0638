// Between the readers of files and the batch.
#include "space/city/city_import.hpp"

#include <xxhash.h>

#include <thread>

#include "space/city/city_attributes.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t pieces_max = 256;        // handed over together
constexpr size_t positions_max = 50'000;  // likewise
constexpr size_t waiting_max = 4;         // hand-overs
constexpr size_t samples_wanted = 16;

}  // namespace

base::Result<std::unique_ptr<CityImport>> CityImport::begin(ImportBatch& batch, ImageSource* images) {
  std::unique_ptr<CityImport> made(new CityImport(batch, images));
  auto terms = CityTerms::intern(batch, batch.terms());
  if (!terms) return std::move(terms).error();
  made->terms_ = std::move(*terms);
  CityImport* self = made.get();
  made->maker_ = std::make_unique<EntityMaker>(batch.vocabulary(), made->terms_, batch.source(),
                                               [self](const std::string& name) { return self->system_of(name); });
  return made;
}

base::Status CityImport::run(const std::function<base::Status()>& read) {
  base::Status reading, writing;
  std::thread reader([&] {
    reading = read();
    tell_of_systems();
    push_pieces();
    const std::lock_guard lock(mutex_);
    is_read_ = true;
    changed_.notify_all();
  });
  while (true) {
    Pieces pieces;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !waiting_.empty() || is_read_; });
      if (waiting_.empty()) break;
      pieces = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
    }
    if (!writing) continue;
    writing = write(std::move(pieces));
    if (!writing) has_failed_ = true;
    batch_.show_progress(bytes_done_, bytes_total_);
  }
  reader.join();
  return writing ? reading : writing;
}

base::Status CityImport::write(Pieces pieces) {
  for (Made& made : pieces) {
    if (made.is_warning) {
      batch_.warn(std::move(made.object), std::move(made.reason));
    } else if (batch_.claim(made.change.entity_id)) {
      if (auto status = batch_.add(std::move(made.change)); !status) return status;
    }
  }
  return {};
}

void CityImport::push_pieces() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < waiting_max || has_failed_.load(); });
  if (!has_failed_) waiting_.push_back(std::move(pieces_));
  pieces_.clear();
  positions_ = 0;
  changed_.notify_all();
}

void CityImport::hand_over(Made made, size_t positions) {
  pieces_.push_back(std::move(made));
  positions_ += positions;
  if (pieces_.size() >= pieces_max || positions_ >= positions_max) push_pieces();
}

void CityImport::warn(std::string object, std::string reason) {
  Made made;
  made.object = std::move(object);
  made.reason = std::move(reason);
  made.is_warning = true;
  hand_over(std::move(made), 0);
}

void CityImport::show_progress(uint64_t bytes_done, uint64_t bytes_total) {
  bytes_done_ = bytes_done;
  bytes_total_ = bytes_total;
}

void CityImport::set_file_crs(std::string name, std::vector<RawPosition> samples) {
  file_crs_ = std::move(name);
  samples_ = std::move(samples);
}

bool CityImport::has_crs() const {
  return !file_crs_.empty() || !batch_.options().crs.empty();
}

base::Result<const CityCrs*> CityImport::system_of(const std::string& name) {
  // Whoever imports knows better than the file.
  const std::string& used = !batch_.options().crs.empty() ? batch_.options().crs : name.empty() ? file_crs_ : name;
  if (used.empty()) {
    return fail(Code::invalid, "neither it nor its file names a coordinate system", {},
                "Name the coordinate system by the option crs, e.g. EPSG:5186");
  }
  auto found = systems_.find(used);
  if (found == systems_.end()) found = systems_.emplace(used, CityCrs::open(used, samples_)).first;
  if (!found->second) return found->second.error();
  return &*found->second;
}

std::string CityImport::id_of(std::string_view type, std::string_view source_id) const {
  return city_entity_id(type, source_id, batch_.source());
}

void CityImport::note_once(const std::string& object, const std::string& reason) {
  if (noted_.insert(reason).second) warn(object, reason);
}

void CityImport::keep_textures(CityObject& object) {
  for (CityTexture& texture : object.textures) {
    const auto known = kept_images_.find(texture.image);
    if (known != kept_images_.end()) {
      texture.asset = known->second;
    } else {
      auto bytes = images_ == nullptr
                       ? base::Result<std::string>(fail(Code::not_found, "its picture did not come with the file", {},
                                                        "Send a .zip with the model and its pictures"))
                       : images_->read(texture.image);
      std::string trouble = bytes ? "" : bytes.error().text();
      if (bytes && media_type_of_image(*bytes).empty()) trouble = "it is no JPEG, PNG or WebP";
      if (trouble.empty()) {
        auto kept = batch_.put_asset(*bytes);
        if (kept) texture.asset = *kept;
        if (!kept) trouble = kept.error().text();
      }
      if (!trouble.empty()) warn("texture " + excerpt(texture.image, 200), trouble);
      kept_images_[texture.image] = texture.asset;
    }
    if (texture.media_type.empty()) {
      texture.media_type = texture.image.ends_with(".png") ? "image/png" : "image/jpeg";
    }
  }
  // Faces whose picture is not there show their colour.
  for (CityGeometry& geometry : object.geometries) {
    for (int32_t& number : geometry.textures) {
      if (number >= 0 && object.textures[static_cast<size_t>(number)].asset.empty()) number = -1;
    }
  }
}

base::Status CityImport::add(CityObject object) {
  if (is_cancelled()) return fail(Code::cancelled, "The import was stopped");
  if (object.entity_id.empty()) {
    const std::string source_id = object.source_id.empty() ? city_content_id(object) : object.source_id;
    object.entity_id = id_of(object.type, source_id);
  }
  const std::string shown = object.source_id.empty() ? object.entity_id : object.source_id;
  if (!given_.insert(XXH3_64bits(object.entity_id.data(), object.entity_id.size())).second) {
    warn(shown, "its id is there twice: the first one was taken");
    return {};
  }
  size_t positions = 0;
  for (const CityGeometry& geometry : object.geometries) {
    positions += geometry.positions.size();
    if (samples_.size() >= samples_wanted) continue;
    if (geometry.is_local) samples_.push_back(geometry.reference);
    if (geometry.is_local) continue;
    const auto count = static_cast<long>(std::min(geometry.positions.size(), samples_wanted));
    samples_.insert(samples_.end(), geometry.positions.begin(), geometry.positions.begin() + count);
  }
  settle_category(object);
  keep_textures(object);
  MadeEntity made = maker_->make(object);
  for (std::string& warning : made.warnings) warn(shown, std::move(warning));
  if (!made.is_made) return {};
  Made change;
  change.change = std::move(made.change);
  hand_over(std::move(change), positions);
  return {};
}

void CityImport::tell_of_systems() {
  for (const auto& [name, system] : systems_) {
    if (!system) continue;
    for (const std::string& note : system->notes()) note_once(crs_name_of(name), note);
  }
}

}  // namespace cityloom::space
