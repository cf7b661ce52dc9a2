import java.io.FileInputStream;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

/** Reads a zip as a file or as a stream and prints SHA-256 by file name as JSON. Started by zip_readers.py. */
class ZipReaders {
  static final List<String> found = new ArrayList<>();

  static void note(String name, InputStream content) throws Exception {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(content.readAllBytes());
    found.add("\"" + name + "\":\"" + HexFormat.of().formatHex(hash) + "\"");
  }

  public static void main(String[] arguments) throws Exception {
    String path = arguments[1];
    if (arguments[0].equals("file")) {
      try (ZipFile zip = new ZipFile(path)) {
        for (var entry : zip.stream().toList()) note(entry.getName(), zip.getInputStream(entry));
      }
    } else {
      try (ZipInputStream zip = new ZipInputStream(new FileInputStream(path))) {
        for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) note(entry.getName(), zip);
      }
    }
    System.out.println("{" + String.join(",", found) + "}");
  }
}
