import java.io.FileInputStream;
import java.io.InputStream;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

public class ReadZip {
  public static void main(String[] arguments) throws Exception {
    try (ZipFile zip = new ZipFile("streamed.zip")) {
      InputStream entry = zip.getInputStream(zip.getEntry("a.txt"));
      System.out.println("ZipFile        reads " + new String(entry.readAllBytes()));
    }
    try (ZipInputStream zip = new ZipInputStream(new FileInputStream("streamed.zip"))) {
      zip.getNextEntry();
      System.out.println("ZipInputStream reads " + new String(zip.readAllBytes()));
    } catch (ZipException error) {
      System.out.println("ZipInputStream refuses: " + error.getMessage());
    }
  }
}
