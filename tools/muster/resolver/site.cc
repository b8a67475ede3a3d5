#include "tools/muster/resolver/site.h"

#include <filesystem>

#include "registry/net/file_text.h"

namespace muster::resolver {

namespace fs = std::filesystem;

namespace {

net::Result<std::optional<std::string>, std::error_code> present_text(const std::string& file) {
  const auto text = net::file_text(file, net::kConfigFile);
  if (text) return std::optional(*text);
  if (text.error() == std::errc::no_such_file_or_directory) return std::optional<std::string>();
  return text.error();
}

}  // namespace

net::Result<Site, std::string> site_of(const Root& root, const Place& place) {
  const auto file = root.place(place.file);
  if (!file) return place.file + ": its links go round";
  const fs::path folder = file->parent_path();
  std::error_code error;
  if (!fs::is_directory(place.makes_folder ? folder.parent_path() : folder, error))
    return "there is no folder " + folder.string() +
           ": is what reads it installed? --file says another place";
  Site site{place, {file->string(), backup_of(place, file->string())}, {}};
  const auto text = present_text(site.files.file);
  if (!text) return site.files.file + ": " + text.error().message();
  const auto backup = present_text(site.files.backup);
  if (!backup) return site.files.backup + ": " + backup.error().message();
  site.present = {*text, *backup};
  return site;
}

std::string make_folder(const Site& site) {
  if (!site.place.makes_folder) return "";
  std::error_code error;
  const fs::path folder = fs::path(site.files.file).parent_path();
  fs::create_directory(folder, error);
  return error ? folder.string() + ": " + error.message() : "";
}

}  // namespace muster::resolver
